import json
import os
import subprocess
import sys

import pytest

from bargate.wire.models import ServiceModels
from bargate.wire.pattern import Pattern
from bargate.wire.service_files import ServiceFiles

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
    files = ServiceFiles()
    assert files.exists(str(tmp_path / "a"))
    loaded = files.load_file(str(tmp_path / "a"))
    assert loaded == {"members": {"documentation": {"shape": "S"}}}
    assert files.load_file(str(tmp_path / "b")) is None


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
