"""The reference, but every refusal repeats the request's headers: ``python -m tests.targets.talkative --port 0``."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reference_impl import __main__, app

if __name__ == "__main__":
    answer = app.answer_refusal

    async def repeat(request: Request, refusal: Exception) -> Response:
        plain = await answer(request, refusal)
        told = f"you sent {request.headers.get('authorization')} and {request.headers.get('x-stage')}"
        status = 500 if plain.status_code == 401 else plain.status_code
        if request.method == "GET":
            status = plain.status_code
        return JSONResponse({"detail": told}, status, headers={"www-authenticate": told[:200].strip()})

    app.answer_refusal = repeat
    __main__.main()
