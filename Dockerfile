# Serves digits over HTTP: docs/serving.md says how to build and run it.
FROM python:3.12-slim

WORKDIR /digits
COPY requirements/serve.lock requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/serve.lock \
    && useradd --no-create-home --shell /usr/sbin/nologin digits
COPY nn/ nn/
COPY apps/__init__.py apps/listening.py apps/
COPY apps/serve/ apps/serve/
COPY SavedModel/1/digits.tflite SavedModel/1/model_card.json SavedModel/1/saved_model.pb SavedModel/1/
COPY SavedModel/1/variables/ SavedModel/1/variables/

USER digits
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/healthz', timeout=2)"]
# A container is reached from outside it: whoever may do so is decided where its port is published.
ENTRYPOINT ["python", "-m", "apps.serve", "--host", "0.0.0.0"]
