"""The JWTs the service signs its callbacks and media sockets with, and the key set to check them against.

Wire facts: "Secure webhook endpoints and WebSocket connections": RS256, issuer and audience as below, five
minutes for a callback and a new token for each, 24 hours for a media socket.
"""

import base64
import hashlib
import json
import time
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER = "https://acscallautomation.communication.azure.com"
"""The `iss` of every token; also where the real service publishes its keys."""

CALLBACK_LIFETIME_S = 5 * 60
MEDIA_LIFETIME_S = 24 * 3600


class TokenSigner:
    """Signs with an RSA key made for this process. `audience` is the ACS resource's immutable id, a GUID."""

    def __init__(self, audience: str, *, issuer: str = ISSUER) -> None:
        self._audience = audience
        self._issuer = issuer
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = self._key.public_key()
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._kid = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
        self._jwk = {
            **json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(public)),
            "kid": self._kid,
            "use": "sig",
            "alg": "RS256",
        }

    def callback_token(self, now: float | None = None) -> str:
        """A token for one callback. `now` is seconds since the epoch."""
        return self._token(CALLBACK_LIFETIME_S, now)

    def media_token(self, now: float | None = None) -> str:
        """A token for one media websocket handshake."""
        return self._token(MEDIA_LIFETIME_S, now)

    def _token(self, lifetime_s: int, now: float | None) -> str:
        issued = int(time.time() if now is None else now)
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "iat": issued,
            "nbf": issued,
            "exp": issued + lifetime_s,
            "jti": str(uuid4()),
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._kid})

    def jwks(self) -> dict[str, Any]:
        """The JSON Web Key Set, as served at `/calling/keys`."""
        return {"keys": [self._jwk]}

    def openid_configuration(self, base_url: str) -> dict[str, Any]:
        """The OIDC discovery document, with the key set at this process's own address."""
        return {
            "issuer": self._issuer,
            "jwks_uri": f"{base_url}/calling/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }
