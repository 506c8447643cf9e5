"""tus servers from PyPI, each as its documentation starts it, on a free port; prints 'ready URL'.

usage: python_servers.py NAME FOLDER
NAME: aiohttp-tus, django-tus, drf-tus, tuspyserver, tussi, tuswsgi
"""

import os
import pathlib
import socket
import sys


def serve_asgi(app, listener):
    import uvicorn

    config = uvicorn.Config(app, access_log=False, log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])


def serve_wsgi(app, listener):
    from gunicorn.app.base import BaseApplication

    class Gunicorn(BaseApplication):
        def load_config(self):
            self.cfg.set("bind", f"fd://{listener.fileno()}")
            self.cfg.set("threads", 8)
            self.cfg.set("loglevel", "warning")

        def load(self):
            return app

    Gunicorn().run()


def aiohttp_tus(folder, listener):
    from aiohttp import web
    from aiohttp_tus import setup_tus

    app = web.Application(client_max_size=2**30)
    setup_tus(app, upload_path=folder, upload_url="/files", allow_overwrite_files=True)
    web.run_app(app, sock=listener, print=None, access_log=None)


def django_app(folder, url_patterns, apps, middleware=(), **more):
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    settings.configure(
        ALLOWED_HOSTS=["*"],
        BASE_DIR=str(folder),
        CACHES={
            "default": {
                "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
                "LOCATION": str(folder / "cache"),
                "OPTIONS": {"MAX_ENTRIES": 100_000},
            }
        },
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(folder / "db.sqlite3"),
                "OPTIONS": {"timeout": 20},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", *apps],
        MEDIA_ROOT=str(folder / "media"),
        MIDDLEWARE=list(middleware),
        ROOT_URLCONF="peer_urls",
        SECRET_KEY="of a server for tests",
        **more,
    )
    django.setup()
    urls = type(sys)("peer_urls")
    urls.urlpatterns = url_patterns()
    sys.modules["peer_urls"] = urls
    call_command("migrate", verbosity=0)
    return get_wsgi_application()


def django_tus(folder, listener):
    def urls():
        from django.urls import path
        from django_tus.views import TusUpload

        return [path("files/", TusUpload.as_view()), path("files/<uuid:resource_id>", TusUpload.as_view())]

    for name in ("uploads", "done"):
        (folder / name).mkdir()
    # django-tus removes the folder with the last upload in it (os.renames); then every PATCH gets
    # 410.
    (folder / "uploads" / "stays").touch()
    app = django_app(
        folder,
        urls,
        ["django_tus"],
        TUS_UPLOAD_DIR=str(folder / "uploads"),
        TUS_DESTINATION_DIR=str(folder / "done"),
    )
    serve_wsgi(app, listener)


def drf_tus(folder, listener):
    def urls():
        from django.urls import include, path

        return [path("", include("rest_framework_tus.urls", namespace="rest_framework_tus"))]

    (folder / "uploads").mkdir()
    app = django_app(
        folder,
        urls,
        ["rest_framework", "rest_framework_tus"],
        ["rest_framework_tus.middleware.TusMiddleware"],
        REST_FRAMEWORK_TUS={"UPLOAD_DIR": str(folder / "uploads")},
        REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": []},
    )
    serve_wsgi(app, listener)


def tuspyserver(folder, listener):
    from fastapi import FastAPI
    from tuspyserver import create_tus_router

    app = FastAPI()
    app.include_router(create_tus_router(prefix="files", files_dir=str(folder)))
    serve_asgi(app, listener)


def tussi(folder, listener):
    from fastapi import FastAPI
    from tussi import TUSApp
    from tussi.storage import FilesystemStorage

    app = FastAPI()
    storage = FilesystemStorage(folder / "uploads", fsync=False)
    app.mount("/files", TUSApp(storage, folder / "done"))
    serve_asgi(app, listener)


def tuswsgi(folder, listener):
    import tuswsgi

    def done(environ, start_response):
        start_response("204 No Content", [])
        return []

    serve_wsgi(
        tuswsgi.TusMiddleware(done, upload_path="/files", tmp_dir=str(folder), send_file=True), listener
    )


def main():
    name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    all_of_them = (aiohttp_tus, django_tus, drf_tus, tuspyserver, tussi, tuswsgi)
    serve = {f.__name__.replace("_", "-"): f for f in all_of_them}
    folder.mkdir(parents=True, exist_ok=True)
    listener = socket.create_server(("127.0.0.1", int(os.environ.get("PEER_PORT", "0"))), backlog=128)
    slash = "/" if name in ("django-tus", "drf-tus", "tuspyserver", "tussi") else ""
    print(f"ready http://127.0.0.1:{listener.getsockname()[1]}/files{slash}", flush=True)
    serve[name](folder, listener)


main()
