"""Where Piccolo looks for the database and the tables (`PICCOLO_CONF=app.piccolo_conf`)."""

import os

from piccolo.conf.apps import AppRegistry

from app.database import Database

DB = Database(os.environ.get("DATABASE_URL", ""))
APP_REGISTRY = AppRegistry(apps=["app.piccolo_app"])
