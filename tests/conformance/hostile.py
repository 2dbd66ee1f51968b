"""The reference, but what it answers is an attack on who shows it: ``python -m tests.conformance.hostile --port 0``."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from reference_impl import __main__, app, views

ATTACK = (
    "<script>document.title='hit'</script>\x1b[31m\u202e\u2066\n::error::hit\n##[error]hit\r\n"
    "</pre></details></title>\"'><img src=x onerror=document.title='hit'>]]> | `x` @someone https://evil.example {{7*7}}"
)
LARGE = 10_000_000
"""Characters of the first refusals with 404."""

if __name__ == "__main__":
    show, left = views.show_collections, [3]

    def attack(*arguments: Any) -> list[dict[str, Any]]:
        return [{**each, "name": ATTACK, "created_at": ATTACK, ATTACK: ATTACK} for each in show(*arguments)]

    async def refuse(request: Request, refusal: Any) -> Response:
        large = request.method == "POST" and refusal.status_code == 404 and left[0] > 0
        left[0] -= large
        text = "\u202e<b>" * (LARGE // 4) if large else json.dumps({"detail": ATTACK + "\ud800"})
        status = 418 if request.method == "POST" and refusal.status_code == 400 else refusal.status_code
        return Response(text.encode("utf-8", "surrogatepass"), status, media_type="text/<b>")

    views.show_collections = attack
    app.answer_refusal = refuse
    __main__.main()
