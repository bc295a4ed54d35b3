# The evaluation image: the program of the pod, cajajejo, HELM and lm-eval. docs/images.md tells all of it.
#
#   invoke build-job-image evaluation
#   docker build --file evaluation.Dockerfile --tag neurips/evaluation .      the same, without tags and labels
#
# What changes rarely stands first: packages are installed from pinned lists, before the project is there.

# Any image with Python 3.11 and its module venv.
ARG PYTHON_IMAGE=python:3.11-slim

# The list of our packages, as poetry.lock says. Only a changed list, not a changed file, builds the next stage anew.
FROM ${PYTHON_IMAGE} AS requirements
COPY pyproject.toml poetry.lock scripts/image_requirements.py /build/
RUN python3.11 /build/image_requirements.py /build > /build/requirements.txt

# pip, to install into environments that have none.
FROM ${PYTHON_IMAGE} AS pip
RUN python3.11 -m venv /build/pip
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_PROGRESS_BAR=off PIP_ROOT_USER_ACTION=ignore

# HELM and lm-eval have an environment of their own, because HELM pins packages that ours needs newer.
FROM pip AS harnesses
ARG TORCH=torch==2.13.0
# Empty: the index of pip, which has the CUDA build. Else an index of PyTorch: https://download.pytorch.org/whl/cpu
ARG TORCH_INDEX=
# A wheel of torch that lies in wheels/ comes first.
COPY scripts/helm-requirements.txt scripts/lm-eval-requirements.txt wheels* /build/
RUN python3.11 -m venv --without-pip /opt/harnesses \
 && /build/pip/bin/pip --python /opt/harnesses/bin/python install --find-links /build \
    ${TORCH_INDEX:+--extra-index-url "${TORCH_INDEX}"} --constraint /build/helm-requirements.txt "${TORCH}" \
 && /build/pip/bin/pip --python /opt/harnesses/bin/python install --no-deps \
    --requirement /build/helm-requirements.txt --requirement /build/lm-eval-requirements.txt \
 # What nobody runs here: tests of packages, and headers for building on torch.
 && cd /opt/harnesses/lib/python3.11/site-packages \
 && rm -rf torch/test torch/include \
 && find torch/bin -type f ! -name torch_shm_manager -delete \
 && find numpy pandas pyarrow scipy sklearn spacy sympy -type d -name tests -prune -exec rm -rf {} +
# HELM's boolq, BLEU and ROUGE load these tables of NLTK, which splits text without them too: they may be empty.
RUN mkdir -p /opt/harnesses/nltk_data/tokenizers/punkt_tab/english \
 && cd /opt/harnesses/nltk_data/tokenizers/punkt_tab/english \
 && touch abbrev_types.txt collocations.tab ortho_context.tab sent_starters.txt
COPY scripts/tiny_model.py /build/
RUN HF_HUB_OFFLINE=1 /opt/harnesses/bin/python /build/tiny_model.py /opt/models/tiny-random/model

FROM pip AS packages
COPY --from=requirements /build/requirements.txt /build/
RUN python3.11 -m venv --without-pip /opt/cajajejo \
 && /build/pip/bin/pip --python /opt/cajajejo/bin/python install --no-deps --requirement /build/requirements.txt \
 && cd /opt/cajajejo/lib/python3.11/site-packages \
 && find numpy pandas pyarrow scipy sklearn -type d -name tests -prune -exec rm -rf {} +

# The project as a wheel; only this and what follows is built anew when src/ changes.
FROM packages AS project
COPY pyproject.toml README.md LICENSE /build/source/
COPY src /build/source/src
RUN /build/pip/bin/pip wheel --no-deps --wheel-dir /build/wheel /build/source \
 && /build/pip/bin/pip --python /opt/cajajejo/bin/python install --no-deps --prefix /build/project /build/wheel/*.whl \
 && cp --recursive /build/project/. /opt/cajajejo \
 && /build/pip/bin/pip --python /opt/cajajejo/bin/python check

FROM ${PYTHON_IMAGE}
RUN groupadd --gid 1000 evaluation \
 && useradd --uid 1000 --gid 1000 --home-dir /scratch --no-create-home --shell /bin/bash evaluation \
 && install --directory --mode 1777 /scratch
COPY --from=harnesses /opt/harnesses /opt/harnesses
COPY --from=harnesses /opt/models /opt/models
COPY --from=packages /opt/cajajejo /opt/cajajejo
# The user may be any other, one without a name too: then USER is what asks for a name is told.
# Drivers of a node are mounted at /usr/local/nvidia on GKE; elsewhere NVIDIA's runtime heeds the two variables.
ENV PATH=/opt/cajajejo/bin:${PATH}:/opt/harnesses/bin:/usr/local/nvidia/bin \
    LD_LIBRARY_PATH=/usr/local/nvidia/lib64${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    HOME=/scratch \
    USER=evaluation \
    HF_HOME=/scratch/huggingface \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    GIT_PYTHON_REFRESH=quiet \
    MLFLOW_DISABLE_TELEMETRY=true
WORKDIR /app
COPY --from=project /build/project /opt/cajajejo
COPY jobs jobs
COPY jobs/evaluation/cli.py ./
COPY jobs/evaluation/tests tests
ARG VERSION=
ARG REVISION=
ARG SOURCE=https://github.com/cajajejo/cajajejo
ENV CAJAJEJO_IMAGE_REVISION=${REVISION}
LABEL org.opencontainers.image.title="cajajejo evaluation" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="Apache-2.0"
USER 1000:1000
RUN python3 cli.py test -- -q -p no:cacheprovider && rm -rf /tmp/pytest-of-*
ENTRYPOINT ["python3", "/app/cli.py"]
