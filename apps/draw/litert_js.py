"""LiteRT.js, which npm installs: what of it is missing, and its files in the page's folder."""

import shutil
from pathlib import Path

from nn.errors import UserError

NODE_MODULES = Path(__file__).parent / "node_modules"
# LiteRT.js takes `compat` where the browser has no relaxed SIMD.
_WASM = ("litert_wasm_internal.js", "litert_wasm_internal.wasm",
         "litert_wasm_compat_internal.js", "litert_wasm_compat_internal.wasm")  # fmt: skip
# Target → what npm installed.
LITERT_FILES = {
    "litert/litert.js": "@litertjs/core/dist/index.js",
    "litert/wasm_utils.js": "@litertjs/wasm-utils/dist/index.js",
    **{f"litert/wasm/{name}": f"@litertjs/core/wasm/{name}" for name in _WASM},
}


def missing_files() -> list[Path]:
    """The files that npm has not installed."""
    files = (NODE_MODULES / source for source in LITERT_FILES.values())
    return [file for file in files if not file.exists()]


def copy_to(site: Path) -> None:
    """Copies LiteRT.js into the page's folder. Raises UserError if npm has not installed it."""
    if missing := missing_files():
        raise UserError(
            f"{missing[0]}: missing; install it: make install-draw, or npm ci --prefix "
            f"{NODE_MODULES.parent}"
        )
    for target, source in LITERT_FILES.items():
        (site / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(NODE_MODULES / source, site / target)
    # A browser finds packages by their paths alone, and an import map would need an inline script.
    script = site / "litert" / "litert.js"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace('"@litertjs/wasm-utils"', '"./wasm_utils.js"'), encoding="utf-8")
