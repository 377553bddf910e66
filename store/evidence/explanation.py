"""The README of an export, in Chinese and English."""

EXPLANATION = """\
督察 音视频证据导出包 — 如何核验
================================

本包自带核验所需的一切，无需联网，无需信任导出单位的软件。以下三种方法任选其一，互相独立。

一、用督察软件（逐秒给出结论）
    ducha evidence verify 导出包.zip --key 可信公钥.pem

二、只用 Python 3（标准库，无需安装任何东西）
    解压后在本目录运行：
    python3 verify.py --key 可信公钥.pem

三、只用 openssl（3.0 或更高）与 sha256sum
    解压后在本目录依次运行，每步都须成功：
    openssl pkeyutl -verify -certin -inkey certificate.pem -rawin -in manifest.json -sigfile manifest.sig
    grep -q "\\"sha256sums\\":\\"$(sha256sum < SHA256SUMS | cut -c1-64)\\"" manifest.json && echo OK
    sha256sum --check --strict SHA256SUMS

certificate.pem 是导出者的证书，recorder.pem 是录像机的证书。请从独立渠道（例如笔录上的指纹）核对公钥，
否则只能证明包内自洽，不能证明出自何人。前两种方法因此要求用 --key 指明可信公钥（两者不同时各指明一次），
未指明则退出码为 1；如只想核对包内自洽，请明确写 --untrusted-key，结论末行会注明公钥不可信。

内容：manifest.json 清单（何人申请、何人批准、事由、案号、时段、各段摘要、已声明的中断、保管记录）；
manifest.sig 其 Ed25519 签名；leaves.jsonl 有关会话的全部记录叶；heads.txt 录像机签名的树头；
proof.json 由叶到树头的证明；data/ 原始音视频，未经转码与改动，可直接播放；
clips/ 每路摄像机由 data/ 派生的播放件（如有画面）：画面原样复制、不转码，MP4 容不下的声音（如 G.711）转为 AAC，
中断处保留时间间隔；播放件只为便于观看，证据是 data/。

结论含义：INTACT 完整；ALTERED 被改动；MISSING 缺失；REORDERED 次序被改；DECLARED GAP 录制时已声明的中断；
TRUNCATED 末尾无封记；UNANCHORED 无签名树头担保；UNKNOWN KEY 公钥不在可信之列。

不能证明的：镜头之前发生的事（镜头被挪、对屏翻拍），以及持有录像机私钥者在外部见证之后的改动。


Ducha evidence export — how to check it
=======================================

This package carries all that is needed to check it, offline, without trusting the software of whoever exported it. Any
of the following three ways will do; each is independent of the others.

1. With Ducha (an answer for every second)
    ducha evidence verify EXPORT.zip --key TRUSTED.pem

2. With Python 3 alone (its standard library; nothing to install)
    Unpack, then in this folder:
    python3 verify.py --key TRUSTED.pem

3. With openssl (3.0 or later) and sha256sum alone
    Unpack, then in this folder, one after the other; each must succeed:
    openssl pkeyutl -verify -certin -inkey certificate.pem -rawin -in manifest.json -sigfile manifest.sig
    grep -q "\\"sha256sums\\":\\"$(sha256sum < SHA256SUMS | cut -c1-64)\\"" manifest.json && echo OK
    sha256sum --check --strict SHA256SUMS

certificate.pem is the exporter's certificate, recorder.pem the recorder's. Compare their keys with what you know from
elsewhere (for example the fingerprint on the paper record); without that, the package is shown to agree with itself,
not by whom it was made. So the first two ways want the keys that you trust (--key, once for each of the two where they
differ) and end with status 1 without; to check only that the package agrees with itself, say --untrusted-key, and the
last line says that the key is not trusted.

Contents: manifest.json (who asked, who approved, why, case, range, digest of every segment, declared gaps, custody);
manifest.sig, its Ed25519 signature; leaves.jsonl, every leaf of the sessions concerned; heads.txt, the head of the log
as the recorder signed it; proof.json, which leads from the leaves to the head; data/, the footage as recorded, neither
transcoded nor changed, and playable; clips/, a playable clip of each camera that has a picture, derived from data/:
the picture is copied, not transcoded, sound that MP4 can't hold (such as G.711) becomes AAC, a gap stays a gap in time.
The clips are for looking at; the evidence is data/.

Answers: INTACT; ALTERED, changed; MISSING, not there; REORDERED, not in its order; DECLARED GAP, a gap that was
declared when it happened; TRUNCATED, no seal at the end; UNANCHORED, no signed head vouches for it; UNKNOWN KEY, signed
by a key that is not trusted.

Not proved: what happened before the lens (a camera turned away, a screen filmed), and what the holder of the recorder's
private key changed that no outside witness had seen before.
"""
