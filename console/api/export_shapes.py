"""The forms of exports and holds, as OpenAPI tells them."""

from typing import Literal

from typing_extensions import TypedDict

ExportState = Literal["requested", "rejected", "approved", "making", "ready", "failed", "removed"]
Deed = Literal["requested", "approved", "rejected", "made", "failed", "downloaded", "removed"]


class ExportDeed(TypedDict):
    """A line of an export's custody history. `actor` is a name as it was told; `ducha` is the machine."""

    at: str
    did: Deed
    actor: str
    detail: str | None


# `decided_by` approved or rejected; `problem` is why it was rejected or failed; `intact` and `findings` are what the
# verification said when it was made; `held` is whether its footage is held because of it, by the hold `hold`
ExportRow = TypedDict(
    "ExportRow",
    {
        "id": str,
        "cameras": list[str],
        "from": str,
        "to": str,
        "case_number": str,
        "reason": str,
        "state": ExportState,
        "progress": float,
        "requested_by": str,
        "requested_at": str,
        "decided_by": str | None,
        "decided_at": str | None,
        "problem": str | None,
        "bytes": int | None,
        "sha256": str | None,
        "intact": bool | None,
        "findings": list[str],
        "ready_at": str | None,
        "expires_at": str | None,
        "downloads": int,
        "hold": str | None,
        "held": bool,
    },
)


class ExportDetail(ExportRow):
    """An export with its custody history."""

    history: list[ExportDeed]


HoldRow = TypedDict(
    "HoldRow",
    {
        "id": str,
        "cameras": list[str],
        "from": str,
        "to": str,
        "reason": str,
        "case_number": str,
        "placed_by": str,
        "placed_at": str,
        "export": str | None,
        "released_by": str | None,
        "released_at": str | None,
        "release_reason": str | None,
    },
)
