"""One service of a generated manifest, each key in the short or the long form that people use."""

from __future__ import annotations

import random

from bench import words


def write_service(
    dice: random.Random, app: str, name: str, kind: str, resources: list[str], anchors: set[str]
) -> list[str]:
    """The lines of a service: `kind` is public, internal or worker (which has no port)."""
    source = dice.choices((["build: ."], [f"build: {{path: {name}}}"], [f"image: acme/{name}:3"]))
    lines = [*source[0]]
    if dice.random() < 0.4:
        lines.append(f"command: bin/{name} --verbose")
    if kind != "worker":
        lines += _port(dice)
        lines += _health(dice)
        if dice.random() < 0.3:
            lines.append(f"sticky: {dice.choice(('true', 'false'))}")
        if dice.random() < 0.15:
            lines.append(f"drain: {dice.choice((10, 20, 30))}")
    if kind == "internal":
        lines.append("internal: true")
    if kind == "public":
        lines += _domains(dice, app, name)
    lines += _environment(dice, anchors)
    if resources and dice.random() < 0.6:
        chosen = dice.sample(resources, dice.randint(1, len(resources)))
        lines.append(f"resources: [{', '.join(chosen)}]")
    lines += _scale(dice, kind, anchors)
    return [f"  {name}:", *(f"    {line}" for line in lines)]


def _port(dice: random.Random) -> list[str]:
    port = dice.choice((3000, 4000, 5000, 8080, 9000))
    form = dice.random()
    if form < 0.7:
        return [f"port: {port}"]
    if form < 0.85:
        return [f"port: https:{port}"]
    return [f"port: {{port: {port}, scheme: http}}"]


def _health(dice: random.Random) -> list[str]:
    form = dice.random()
    path = dice.choice(("/", "/health", "/ping", "/status"))
    interval = dice.choice((5, 10, 20, 30))
    if form < 0.3:
        return []
    if form < 0.6:
        return [f"health: {path}"]
    if form < 0.8:
        return [f"health: {{path: {path}, interval: {interval}}}"]
    timeout = dice.randint(2, interval - 1)
    lines = [f"path: {path}", f"interval: {interval}", f"timeout: {timeout}", "grace: 30"]
    return ["health:", *(f"  {line}" for line in lines)]


def _domains(dice: random.Random, app: str, service: str) -> list[str]:
    """None to five custom domains; the names of app and service in them make them unique."""
    count = dice.choices(range(6), (35, 28, 18, 10, 5, 4))[0]
    zones = [f"{service}.{app}.{domain}" for domain in words.DOMAINS]
    pool = [f"{label}.{zone}" for zone in zones for label in words.LABELS]
    domains = dice.sample(pool, count)
    if count and dice.random() < 0.25:
        domains[-1] = f"*.{dice.choice(zones)}"
    if not domains:
        return []
    if len(domains) > 1 and dice.random() < 0.7:
        return ["domain:", *(f'  - "{domain}"' for domain in domains)]
    return [f'domain: "{", ".join(domains)}"']


def _environment(dice: random.Random, anchors: set[str]) -> list[str]:
    names = dice.sample(list(words.SETTINGS), dice.randint(0, 4))
    entries = []
    for name in names:
        value = dice.choice(words.SETTINGS[name])
        quote = value[0] if value[0] in "\"'" else ""
        entries.append(f"{quote}{name}={value.strip(quote) if quote else value}{quote}")
    if dice.random() < 0.3:
        entries.append(dice.choice(words.SECRETS))
    if "shared" in anchors and dice.random() < 0.6:
        entries.insert(0, "*shared")
    return ["environment:", *(f"  - {entry}" for entry in entries)] if entries else []


def _scale(dice: random.Random, kind: str, anchors: set[str]) -> list[str]:
    form = dice.random()
    least = dice.randint(1, 4)
    most = least + dice.randint(1, 8)
    if form < 0.2:
        return []
    if form < 0.35:
        return [f"scale: {least}"]
    if form < 0.5:
        return [f"scale: {least}-{most}"]
    if "small" in anchors and form < 0.8:
        return ["scale:", "  <<: *small"]
    cpu, memory = dice.choice(((256, 512), (256, 1024), (512, 1024), (1024, 2048), (128, 256)))
    lines = [f"count: {least}-{most}", f"cpu: {cpu}", f"memory: {memory}"]
    goals = {"cpu": 70, "memory": 80} | ({"requests": 300} if kind != "worker" else {})
    chosen = dice.sample(list(goals), dice.randint(0, len(goals)))
    if chosen:
        lines += ["targets:", *(f"  {goal}: {goals[goal]}" for goal in chosen)]
    return ["scale:", *(f"  {line}" for line in lines)]
