"""A passkey as a browser registers one, of a device that there is not."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorAttestationResponse,
    AuthenticatorData,
    CollectedClientData,
    RegistrationResponse,
)


def registered_passkey(host: str = "testserver") -> dict[str, Any]:
    """What allauth keeps of it: {name, credential}."""
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    credential = AttestedCredentialData.create(Aaguid(bytes(16)), b"credential", key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    data = AuthenticatorData.create(sha256(host.encode()).digest(), flags, 0, bytes(credential))
    told = CollectedClientData.create(
        type="webauthn.create", challenge=b"a challenge", origin=f"http://{host}"
    )
    response = AuthenticatorAttestationResponse(
        client_data=told, attestation_object=AttestationObject.create("none", data, {})
    )
    made = RegistrationResponse(raw_id=b"credential", response=response)
    return {"name": "a key", "credential": json.loads(json.dumps(dict(made), default=dict))}
