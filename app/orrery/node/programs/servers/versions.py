"""Which version of its server an image has: the catalogue knows it from the tag."""

from orrery.node.programs.call import Call


def version_of(call: Call, images: str | tuple[str, ...], default: str) -> str:
    """The version of an image of one of these names; `default` where the server runs in another image."""
    names = (images,) if isinstance(images, str) else images
    tag = call.family.tag
    return tag if call.family.image in names and tag[:1].isdigit() else default


def numbers_of(version: str) -> tuple[int, ...]:
    """`7.2.4` to compare with."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def compiler_of(call: Call) -> str:
    """The gcc of the image's distribution, as servers tell it: by /etc/os-release."""
    try:
        text = call.process.files.read("/etc/os-release").decode()
    except OSError:
        text = ""
    if "ID=alpine" in text:
        return "gcc (Alpine 14.2.0) 14.2.0"
    if "bookworm" in text:
        return "gcc (Debian 12.2.0-14+deb12u1) 12.2.0"
    return "gcc (Debian 10.2.1-6) 10.2.1 20210110" if "bullseye" in text else "gcc (Debian 14.2.0-19) 14.2.0"
