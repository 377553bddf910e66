"""One camera, watched: pictures in, what was seen and the alerts it means out; the same live and over a file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analytics.alerts import Alert, AlertChange, Because
from analytics.rulebook import Rule, Rulebook
from analytics.video.deblocking import deblocked
from analytics.video.detection import Detector, Person, Picture, model_of
from analytics.video.headcount import COUNTED, Headcount, headcount_after
from analytics.video.looking import look
from analytics.video.picture import PictureState
from analytics.video.presence import Presence, Seen, presence_after
from analytics.video.regions import Part, Region, tiles
from analytics.video.rooms import Meeting, Room
from analytics.video.rules import (
    camera_tampered,
    left_alone,
    meeting_headcount,
    post_unattended,
    recording_gap,
    single_officer,
    stream_lost,
    unrecorded_session,
    unregistered_use,
)
from analytics.video.standing import Changes, Standing, Subject, ended_alert, unwatched
from analytics.video.tamper import Tamper, examine, with_people


@dataclass(frozen=True, slots=True)
class Outlook:
    """A camera and what to look for in its picture: people in `regions`, and where `counts`, in the whole of it."""

    camera: str
    regions: tuple[Region, ...] = ()
    counts: bool = True
    interrogation: bool = False
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known besides the picture; `room` and `meeting` are None where the camera watches none."""

    in_service: bool = True
    room: Room | None = None
    meeting: Meeting | None = None


@dataclass(frozen=True, slots=True)
class Sampled:
    """What one sample told. `people` and `picture` are None where nothing could be seen, or no picture came."""

    t_s: float
    people: int | None
    regions: Mapping[str, Seen]
    picture: PictureState | None
    changes: tuple[AlertChange, ...] = ()


NOTHING_KNOWN = Known()
_OF_ROOMS = (single_officer, left_alone, unregistered_use, unrecorded_session)


@dataclass(slots=True)
class _Place:
    """What is followed about one region."""

    region: Region
    presence: Presence = field(default_factory=Presence)
    post: post_unattended.State = field(default_factory=post_unattended.State)


class Watcher:
    """Follows one camera. Times are seconds of one clock, whichever it is, and go forward.

    `open_alerts` are the alerts about this camera that were open when it was last watched. Where not every picture is a
    keyframe, `group_s` is the length of the longest group of pictures.
    """

    def __init__(
        self,
        outlook: Outlook,
        detector: Detector,
        rules: Rulebook,
        open_alerts: Sequence[Alert] = (),
        group_s: float | None = None,
    ) -> None:
        self._outlook = outlook
        self._detector = detector
        self._rules = rules
        self._group_s = group_s
        self._tamper = Tamper()
        self._tampered = camera_tampered.State()
        self._places = {region.name: _Place(region) for region in outlook.regions}
        self._headcount = Headcount()
        self._standings: dict[tuple[str, str], Standing] = {}
        self._unfollowed: list[Alert] = []
        self._aspect = 0.0
        self._crops: list[Part] = []
        self._tiles: list[Part] = []
        for alert in open_alerts:
            self._resume(alert)

    def use(self, rules: Rulebook, t_s: float) -> Changes:
        """Go by `rules` from `t_s` on. What is open under a rule that is off ends then, and says that this is why; if
        the state still holds when the rule is on again, the same alert is open again."""
        self._rules = rules
        changes: Changes = ()
        if self._rule(camera_tampered.RULE) is None:
            changes += ended_alert(self._tampered.standing, t_s, ended_because=Because.RULE_OFF)
            self._tampered = camera_tampered.State()
        if self._rule(post_unattended.RULE) is None:
            for place in self._places.values():
                changes += ended_alert(place.post.standing, t_s, ended_because=Because.RULE_OFF)
                place.post = post_unattended.State()
        for rule, part in [key for key in self._standings if not rules[key[0]].enabled]:
            changes += ended_alert(self._standings.pop((rule, part)), t_s, ended_because=Because.RULE_OFF)
        return changes

    def sample(
        self, picture: Picture | None, t_s: float, known: Known = NOTHING_KNOWN, media_s: float | None = None
    ) -> Sampled:
        """After a picture taken at `t_s`, or none where one was due; live, `media_s` is the camera's time of it."""
        state, people, counted = None, None, None
        if picture is not None:
            self._tamper = examine(self._tamper, picture, t_s, media_s, self._group_s)
            if self._tamper.picture is PictureState.OK or self._tamper.doubted is not None:
                people, counted = self._look(picture)
            state = self._tamper.picture
            if state is not PictureState.OK:
                people, counted = None, None
        self._headcount = headcount_after(self._headcount, counted)
        changes = self._let_go(t_s) + self._judge_picture(state, t_s)
        for place in self._places.values():
            place.presence = presence_after(
                place.presence, None if people is None else _score(place.region, people), t_s
            )
            changes += self._judge_post(place, t_s, known.in_service)
        changes += self._judge_room(known, t_s)
        seen = {name: place.presence.seen for name, place in self._places.items()}
        return Sampled(t_s, counted, seen, state, changes)

    def stream(self, last_packet_s: float, now_s: float) -> Changes:
        """At `now_s`, the camera's last packet having come at `last_packet_s`."""
        return self._advance(stream_lost.RULE, stream_lost.step, "", last_packet_s, now_s)

    def gap(self, stream: str, gap: recording_gap.Gap, now_s: float) -> Changes:
        """What is known at `now_s` of a gap in the recording of `stream`, which is required. That a camera is away is
        told by `stream`; only in an interrogation room what is missing for it is a finding of its own."""
        if gap.reason == "source-lost" and not self._outlook.interrogation:
            return ()
        return self._advance(recording_gap.RULE, recording_gap.step, stream, gap, now_s, self._outlook.interrogation)

    def finish(self, t_s: float) -> Changes:
        """No more pictures come after `t_s`; alerts that are open stay so."""
        rule = self._rule(post_unattended.RULE)
        changes: Changes = ()
        for name, place in self._places.items():
            if rule is not None:
                place.post, told = post_unattended.finish(rule, self._subject(name), place.post, t_s)
                changes += told
        return changes

    def _look(self, picture: Picture) -> tuple[list[Person], int | None]:
        """Everybody seen in the regions, and all over the picture where people are counted or its state depends on
        them; and, where they are counted, how many these are."""
        picture = self._prepared(picture)
        near = self._look_near(picture)
        if not self._outlook.counts and not self._tamper.people_wanted:
            return near, None
        all_over = look(self._detector, picture, self._tiles)
        self._tamper = with_people(self._tamper, [p for p in near + all_over if p.score >= COUNTED])
        return near + all_over, sum(p.score >= COUNTED for p in all_over) if self._outlook.counts else None

    def _look_near(self, picture: Picture) -> list[Person]:
        return [person for crop in self._crops for person in look(self._detector, picture, [crop])]

    def _prepared(self, picture: Picture) -> Picture:
        """`picture` as the detector is shown it, in parts that go by its aspect."""
        height, width = picture.shape[:2]
        if self._aspect != width / height:
            self._aspect = width / height
            self._crops = [region.part(self._aspect) for region in self._outlook.regions]
            self._tiles = tiles(self._aspect)
        return deblocked(picture)

    def _judge_picture(self, state: PictureState | None, t_s: float) -> Changes:
        rule = self._rule(camera_tampered.RULE)
        if rule is None:
            return ()
        self._tampered, changes = camera_tampered.step(
            rule, self._subject(), self._tampered, state, self._tamper.since_s, t_s
        )
        return changes

    def _judge_post(self, place: _Place, t_s: float, in_service: bool) -> Changes:
        rule = self._rule(post_unattended.RULE)
        if rule is None:
            return ()
        place.post, changes = post_unattended.step(
            rule, self._subject(place.region.name), place.post, place.presence, t_s, in_service
        )
        return changes

    def _judge_room(self, known: Known, t_s: float) -> Changes:
        people, room = self._headcount.people, known.room
        changes: Changes = ()
        if room is not None:
            changes += self._advance(single_officer.RULE, single_officer.step, "", people, room, t_s)
            changes += self._advance(left_alone.RULE, left_alone.step, "", people, room, t_s)
            if self._outlook.interrogation:
                changes += self._advance(unregistered_use.RULE, unregistered_use.step, "", people, room, t_s)
            changes += self._advance(unrecorded_session.RULE, unrecorded_session.step, "", room, t_s)
        else:
            gone = [self._standings.pop((module.RULE.id, ""), Standing()) for module in _OF_ROOMS]
            changes += unwatched(gone, t_s)
        return changes + self._advance(meeting_headcount.RULE, meeting_headcount.step, "", people, known.meeting, t_s)

    def _advance(
        self, defined: Rule, step: Callable[..., tuple[Standing, Changes]], part: str, *arguments: Any
    ) -> Changes:
        rule, key = self._rule(defined), (defined.id, part)
        if rule is None:
            return ()
        standing = self._standings.get(key, Standing())
        self._standings[key], changes = step(rule, self._subject(part), standing, *arguments)
        return changes

    def _let_go(self, t_s: float) -> Changes:
        """Of what was open about regions that are looked at no more."""
        gone, self._unfollowed = self._unfollowed, []
        return unwatched(map(Standing.resumed, gone), t_s)

    def _rule(self, defined: Rule) -> Rule | None:
        """The rule as the bureau has it, or None where it is off."""
        rule = self._rules[defined.id]
        return rule if rule.enabled else None

    def _subject(self, part: str = "") -> Subject:
        outlook = self._outlook
        return Subject(outlook.camera, model_of(self._detector), outlook.lon, outlook.lat, part)

    def _resume(self, alert: Alert) -> None:
        place = self._places.get(str(alert.detail.get("region")))
        if alert.rule == post_unattended.RULE.id:
            if place is None:
                self._unfollowed.append(alert)
            else:
                place.post = post_unattended.State.resumed(alert)
        elif alert.rule == camera_tampered.RULE.id:
            self._tampered = camera_tampered.State.resumed(alert)
        else:
            self._standings[alert.rule, str(alert.detail.get("stream", ""))] = Standing.resumed(alert)


def _score(region: Region, people: Sequence[Person]) -> float:
    """Of the surest person in the region; 0 where nobody is."""
    return max((person.score for person in people if region.holds(person)), default=0.0)
