# unstick, for a sweep in a container: docker build -t unstick . (see docs/running.md).
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml setup.py README.md LICENSE ./
COPY recovery recovery
COPY backends backends
COPY cli cli
COPY tui tui
COPY themes themes
COPY docs docs
RUN pip install --no-cache-dir --prefix=/install .

FROM python:3.13-slim
COPY --from=build /install /usr/local
# The journal of a database without unstick's own tables is kept here: mount it, or it goes with the container.
ENV XDG_STATE_HOME=/state XDG_CONFIG_HOME=/config
RUN useradd --system --uid 10001 unstick && mkdir -p /state /config && chown unstick /state
USER 10001
VOLUME /state
ENTRYPOINT ["unstick"]
CMD ["sweep", "--shadow"]
