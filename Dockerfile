# One image for web and scheduler; docker-compose.yml says which command each runs.

# The bundles that the FEEL runtime and the pages load.
FROM node:22-bookworm-slim AS bundles
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY engine engine
COPY web web
RUN npm run build

# What the lock file names, verified by hash. The development tools are downloaded with it, but stay in this stage.
FROM python:3.12-slim-bookworm AS packages
WORKDIR /packages
COPY requirements.lock ./
RUN pip download --no-cache-dir --require-hashes --requirement requirements.lock --dest .

FROM python:3.12-slim-bookworm
RUN useradd --system --create-home --uid 10001 samled
WORKDIR /app
COPY pyproject.toml ./
COPY --from=bundles /app/engine engine
COPY --from=bundles /app/web web
COPY forms forms
COPY processes processes
# Only what Samled itself depends on is taken from the verified packages; nothing is asked of a registry here.
RUN --mount=type=bind,from=packages,source=/packages,target=/packages \
    pip install --no-cache-dir --no-index --find-links /packages --upgrade setuptools \
    && pip install --no-cache-dir --no-index --find-links /packages --no-build-isolation --editable . \
    && mkdir var && chown samled var
USER samled
ENV PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["samled", "run", "--port", "8000"]
