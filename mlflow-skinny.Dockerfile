# The image of the init container, which fetches the model: `mlflow artifacts download`, from MLflow or Google's storage.
#
#   invoke build-mlflow-image
#   docker build --file mlflow-skinny.Dockerfile --tag neurips/mlflow-skinny-gcp .      the same, without tags and labels

# Any image with Python 3.11 and its module venv.
ARG PYTHON_IMAGE=python:3.11-slim

# The list of packages, as poetry.lock says. Only a changed list builds the next stage anew.
FROM ${PYTHON_IMAGE} AS requirements
COPY poetry.lock scripts/image_requirements.py /build/
RUN python3.11 /build/image_requirements.py /build mlflow-skinny google-cloud-storage > /build/requirements.txt

FROM ${PYTHON_IMAGE} AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_PROGRESS_BAR=off PIP_ROOT_USER_ACTION=ignore
RUN python3.11 -m venv /build/pip && python3.11 -m venv --without-pip /opt/mlflow
COPY --from=requirements /build/requirements.txt /build/
RUN /build/pip/bin/pip --python /opt/mlflow/bin/python install --no-deps --requirement /build/requirements.txt \
 && /build/pip/bin/pip --python /opt/mlflow/bin/python check

FROM ${PYTHON_IMAGE}
RUN install --directory --mode 1777 /scratch
COPY --from=packages /opt/mlflow /opt/mlflow
ENV PATH=/opt/mlflow/bin:${PATH} \
    HOME=/scratch \
    USER=mlflow \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    GIT_PYTHON_REFRESH=quiet \
    MLFLOW_DISABLE_TELEMETRY=true
ARG VERSION=
ARG REVISION=
ARG SOURCE=https://github.com/cajajejo/cajajejo
LABEL org.opencontainers.image.title="cajajejo mlflow-skinny" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="Apache-2.0"
USER 1000:1000
WORKDIR /scratch
RUN mlflow artifacts download --help > /dev/null
ENTRYPOINT ["mlflow"]
