"""The Voice Live stand-in: its realtime protocol (api-version 2026-07-15) on real speech, with no account.

Where to look: `session` is the protocol without I/O, made of `ear` (audio to turns), `conversation` (items)
and `replies` (responses); `connection` runs one session on a socket, `service` is the process. `mind`
decides what is said.

Accepted and echoed, with nothing behind them: noise reduction, echo cancellation, animation, interim
responses, word timestamps, `include`, temperature, reasoning effort, `invoke_input`. Refused: avatars, MCP
tools, images, Foundry agents, and the client events `input_audio.turn.*` and `input_text.*`.
"""
