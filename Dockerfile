# Facetrial without GPU packages. Not built: where it was written there is no Docker, nor the index that --torch-backend cpu
# stands for. `uv pip install` of this project and the command were tried on Python 3.11.
#   docker build -t facetrial .
#   docker run --rm --user "$(id -u)" -v "$PWD:/trial" facetrial evaluate attack=landmarks defense=adv
# For a GPU: docker build --build-arg TORCH=auto, and docker run --gpus all.
FROM python:3.13-slim
ARG TORCH=cpu
WORKDIR /source
COPY pyproject.toml setup.py MANIFEST.in README.md LICENSE ./
COPY conf conf
COPY src src
RUN pip install --no-cache-dir uv \
    && uv pip install --system --no-cache --torch-backend "$TORCH" '.[onnx]' \
    && rm -rf /source/*
# Results, models and caches go to the folder that is mounted here; what libraries keep of their own goes to /tmp.
ENV HOME=/tmp
WORKDIR /trial
ENTRYPOINT ["facetrial"]
CMD ["--help"]
