"""podinfo's own client, which its chart uses in probes."""

from tests.node.programs.test_servers import serving


async def test_podcli_checks_what_podinfo_serves() -> None:
    box, _, _ = await serving("alpine:podinfo", ["podinfo", "--port=9898"])

    well = await box.run(["podcli", "check", "http", "localhost:9898/healthz"])
    ill = await box.run(["podcli", "check", "http", "http://localhost:9898/status/500"])
    refused = await box.run(["podcli", "check", "tcp", "localhost:9999"])

    assert (well.code, ill.code, refused.code) == (0, 1, 1)
    assert '"msg":"check succeed"' in well.err and '"msg":"check failed"' in refused.err
