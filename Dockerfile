# Three images from one file: `web` (no model library), `worker-cpu`, `worker-gpu`. docker-compose.yml says who runs what.
# pip and npm ask where the build arguments below say, which docker-compose.yml takes from .env; else where they always do.

FROM python:3.11-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 DJANGO_SETTINGS_MODULE=studio.settings
WORKDIR /srv/maquette
RUN useradd --uid 10001 --create-home maquette && mkdir -p /data staticfiles && chown maquette /data staticfiles
COPY pyproject.toml constraints.txt package.json package-lock.json ./
COPY tools tools

FROM base AS browser-files
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG NPM_CONFIG_REGISTRY
RUN python tools/install.py --here --only-browser-files

FROM base AS web
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
RUN python tools/install.py --here --base-only --no-browser-files
COPY --from=browser-files /srv/maquette/.build/vendor .build/vendor
COPY . .
RUN SECRET_KEY=build DATA_DIR=/tmp/build python manage.py prepare --only static
USER maquette
VOLUME /data
EXPOSE 8000
CMD ["python", "-m", "uvicorn", "studio.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--ws", "websockets-sansio", "--lifespan", "off"]

# A CPU build of torch comes from where PIP_EXTRA_INDEX_URL points.
FROM base AS worker-cpu
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
RUN python tools/install.py --here --base-only --extra worker --no-browser-files
COPY . .
USER maquette
VOLUME /data
CMD ["python", "-m", "celery", "-A", "studio", "worker", "-Q", "default", "-P", "threads", "-c", "2", "-l", "info"]

# PyPI's own Linux build of torch brings CUDA along; the NVIDIA container runtime brings the driver.
FROM base AS worker-gpu
ARG PIP_INDEX_URL
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
RUN python tools/install.py --here --base-only --extra worker --no-browser-files
COPY . .
USER maquette
VOLUME /data
CMD ["python", "-m", "celery", "-A", "studio", "worker", "-Q", "gpu", "-P", "threads", "-c", "1", "-l", "info"]
