"""The kinds of problems that the console answers with: a word each, the same for ever, for which screens have words."""

from enum import StrEnum


class Kind(StrEnum):
    """What a problem document's `type` ends in. Those of the store and of publishing are named there too."""

    # The request
    HTTP = "http"  # told by its status alone
    NOT_FOUND = "not-found"
    METHOD = "method"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"
    CONTENT_TYPE = "content-type"
    FOREIGN_HOST = "foreign-host"
    CROSS_ORIGIN = "cross-origin"
    # A value
    INVALID_REQUEST = "invalid-request"
    INVALID_VALUE = "invalid-value"
    TOO_RECENT = "too-recent"
    NOT_RECORDED = "not-recorded"
    INVALID_ACTION = "invalid-action"
    INVALID_PLAN = "invalid-plan"
    INVALID_RULE = "invalid-rule"
    # The present state
    ILLEGAL_TRANSITION = "illegal-transition"
    SESSION_OPEN = "session-open"
    SESSION_CLOSED = "session-closed"
    SIGNED_IN = "signed-in"
    NOT_SIGNED_IN = "not-signed-in"
    EXPORT_CONFLICT = "export-conflict"
    HOLD_CONFLICT = "hold-conflict"
    NOT_WHOLE = "not-whole"
    SAME_PERSON = "same-person"
    # Pictures
    PURPOSE = "purpose"
    NO_PICTURE = "no-picture"
    NO_ANSWER = "no-answer"
    NO_H264 = "no-h264"
    CAMERA_CODEC = "camera-codec"
    CAMERA_B_FRAMES = "camera-b-frames"
    INVALID_OFFER = "invalid-offer"
    TOO_MANY_VIEWERS = "too-many-viewers"
    UNVERIFIABLE = "unverifiable"
    # Publishing
    NO_SOUND_CODEC = "no-sound-codec"
    WRONG_TOKEN = "wrong-token"
    PUBLISHED_ALREADY = "published-already"
    TOO_MANY_PUBLISHERS = "too-many-publishers"
    NO_SUCH_DEVICE = "no-such-device"
    NO_SUCH_PUBLICATION = "no-such-publication"
    STOPPING = "stopping"
    # The server
    TOO_MANY_STREAMS = "too-many-streams"
    STORE_UNAVAILABLE = "store-unavailable"
    FAULT = "fault"
