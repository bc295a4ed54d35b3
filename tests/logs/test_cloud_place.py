"""Which project has the logs: the project file, else the context, else a variable."""

from __future__ import annotations

import pytest

from cajajejo.logs.cloud_errors import CloudProjectError
from cajajejo.logs.cloud_place import Place, place_of
from cajajejo.settings import Gcp

GCP = Gcp(project="p1", location="europe-west4", cluster="c1")
CONTEXT = "gke_p2_us-east1-b_c2"
VARIABLE = {"GOOGLE_CLOUD_PROJECT": "p3"}


@pytest.mark.parametrize(
    ("gcp", "environ", "context", "place"),
    [
        (GCP, VARIABLE, CONTEXT, Place("p1", "europe-west4", "c1", "project of [gcp] in the project file")),
        (None, VARIABLE, CONTEXT, Place("p2", "us-east1-b", "c2", f"the context {CONTEXT}")),
        (None, VARIABLE, "kind-kind", Place("p3", named_by="the variable GOOGLE_CLOUD_PROJECT")),
        (None, VARIABLE, "gke_p2__c2", Place("p3", named_by="the variable GOOGLE_CLOUD_PROJECT")),
        (None, VARIABLE, "gke_p2_us_c_2", Place("p3", named_by="the variable GOOGLE_CLOUD_PROJECT")),
        (None, VARIABLE, "eks_p2_us_c2", Place("p3", named_by="the variable GOOGLE_CLOUD_PROJECT")),
    ],
)
def test_the_first_that_names_a_project_counts(
    gcp: Gcp | None, environ: dict[str, str], context: str, place: Place
) -> None:
    assert place_of(gcp, environ, context=context) == place


@pytest.mark.parametrize("environ", [{}, {"GOOGLE_CLOUD_PROJECT": ""}])
def test_where_none_does_the_error_says_where_it_was_looked_for(environ: dict[str, str]) -> None:
    with pytest.raises(CloudProjectError) as caught:
        place_of(None, environ)
    assert caught.value.lines() == [
        "Error: which Google Cloud project has the logs?",
        "  looked at   [gcp] in cajajejo.toml, the context's name, GOOGLE_CLOUD_PROJECT",
        "Run: export GOOGLE_CLOUD_PROJECT=$(gcloud config get-value project)",
    ]
