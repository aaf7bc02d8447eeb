# Orrery in a container: one process, state in /data, port 8080. Needs neither privileges nor Docker's socket.
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY migrations migrations
COPY openapi openapi
RUN python -m venv /opt/orrery && /opt/orrery/bin/pip install --no-cache-dir '.[postgresql]'

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /data orrery && install -d -o 10001 /data
COPY --from=build /opt/orrery /opt/orrery
USER 10001
VOLUME /data
EXPOSE 8080
ENV ORRERY_HOST=0.0.0.0 ORRERY_PORT=8080 ORRERY_DATA=/data
HEALTHCHECK --interval=5s --timeout=2s --start-period=5s CMD ["/opt/orrery/bin/python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/readyz')"]
ENTRYPOINT ["/opt/orrery/bin/orrery"]
# The port is published by whoever runs the container; inside, only --insecure or --token-file lets it listen to others.
CMD ["serve", "--insecure"]
