"""The control plane: what Azure Functions runs. Each trigger stands in its blueprint under control/."""

import logging

import azure.functions as func

from control import calls, counting, health, operator_api, outbox, page, queue, retention

# The SDKs log the address and headers of every request at INFO; the worker would pass all of it on.
logging.getLogger("azure.core").setLevel(logging.WARNING)
logging.getLogger("azure.identity").setLevel(logging.WARNING)

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
app.register_functions(calls.blueprint)
app.register_functions(counting.blueprint)
app.register_functions(health.blueprint)
app.register_functions(operator_api.blueprint)
app.register_functions(outbox.blueprint)
app.register_functions(page.blueprint)
app.register_functions(queue.blueprint)
app.register_functions(retention.blueprint)
