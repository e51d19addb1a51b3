import gzip
import json
import os
import subprocess
import sys

import pytest

from bargate.wire.models import ServiceModels
from bargate.wire.pattern import Pattern
from bargate.wire.service_files import read_model, service_data

SERVED = ("apigateway", "apigatewayv2", "iam", "sts")


def test_a_model_is_loaded_once_and_only_if_it_is_served():
    models = ServiceModels(SERVED)
    assert models.model("iam") is models.model("iam")
    assert models.operation("iam", "GetUser") is models.operation("iam", "GetUser")
    assert models.operation("iam", "NoSuch") is None
    for name in ("s3", "../iam", ""):
        with pytest.raises(KeyError):
            models.model(name)


def test_a_model_holds_no_documentation():
    data = ServiceModels(SERVED).model("apigateway")._service_description
    assert "<p>" not in json.dumps(data)
    # A shape or member of that name stays.
    assert "documentation" not in data["operations"]["CreateRestApi"]


def test_a_member_that_is_called_documentation_stays(tmp_path):
    model = {"members": {"documentation": {"shape": "S", "documentation": "<p>x</p>"}}}
    (tmp_path / "a.json").write_text(json.dumps(model))
    assert read_model(tmp_path / "a.json") == {"members": {"documentation": {"shape": "S"}}}


def test_a_gzipped_model_says_the_same_as_a_plain_one(tmp_path):
    (tmp_path / "a.json").write_text('{"shapes": {}}')
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(b'{"shapes": {}}'))
    assert read_model(tmp_path / "a.json") == read_model(tmp_path / "a.json.gz") == {"shapes": {}}


@pytest.mark.parametrize(
    "name", ["", "..", ".", "../data/iam", "iam/2010-05-08", "no-such", "IAM\n"]
)
def test_nothing_but_a_service_has_a_model(name):
    with pytest.raises(KeyError):
        service_data(name)


def test_the_newest_version_of_a_model_is_taken():
    # botocore ships six versions of this API
    assert service_data("cloudfront")["metadata"]["apiVersion"] == "2020-05-31"


def test_models_of_a_user_are_not_read(tmp_path):
    folder = tmp_path / ".aws" / "models" / "iam" / "2099-01-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text('{"metadata": {}, "operations": {}, "shapes": {}}')
    code = (
        "from bargate.wire.models import ServiceModels\n"
        "print(ServiceModels(('iam',)).model('iam').api_version)"
    )
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "AWS_DATA_PATH": str(tmp_path / ".aws" / "models"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "2010-05-08"


def test_every_pattern_of_the_served_models_compiles():
    ran = 0
    for name in SERVED:
        shapes = ServiceModels(SERVED).model(name)._service_description["shapes"]
        for shape in shapes.values():
            if "pattern" in shape:
                Pattern(shape["pattern"])
                ran += 1
    assert ran == 79


def test_wire_needs_no_botocore_session():
    code = (
        "import sys, bargate.wire.models, bargate.wire.parse, bargate.wire.check\n"
        "import bargate.wire.serialize, bargate.wire.fault\n"
        "print({'botocore.session', 'botocore.client', 'regex'} & set(sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "set()"
