"""A host for the Functions app: HTTP, Event Grid and timers in front of Microsoft's own worker library.

The worker library (azure-functions-runtime) indexes the app, checks annotations, converts and runs, so all
of that is as in Azure. What stands before it is ours: routes, keys, the Event Grid webhook, timers.
"""
