"""Fields of the scores, until each stands beside its scorer."""

from __future__ import annotations

from synth.samples.field import Field, Heading

_SIMILARITY = (
    Field("similarity", "float64", "cosine of the answer to each source", many=True, unit="-1 to 1", card="merged"),
    Field("min_similarity", "float64", "smallest of `similarity`", unit="-1 to 1", card="merged", distribution=1,
          table=Heading(80, "min")),
    Field("mean_similarity", "float64", "mean of `similarity`", unit="-1 to 1", card="merged", distribution=2),
    Field("similarity_std", "float64", "standard deviation of `similarity`", unit="0 to 1", card="hidden"),
    Field("similarity_embedder", "string", "what measured it", card="merged"),
)  # fmt: skip
_LANGUAGE = (
    Field("detected_language", "string", "ISO 639-1 code found in the answer, or unknown", card="merged"),
    Field("language_confidence", "float64", "how sure that is, 0 to 1", unit="0 to 1", card="merged", distribution=4),
)
_FACTS = (
    Field("unsupported", "string", "texts of the facts in the answer that no source has", many=True, card="merged",
          table=Heading(90, "unsup")),
    Field("unsupported_kinds", "string", "their kinds, in the same order", many=True, card="merged",
          values=("number", "date", "percent", "money", "quantity", "name", "quote")),
    Field("sentence_sources", "int64", "for each sentence of the answer the number of its best source", many=True,
          card="hidden"),
    Field("sentence_support", "float64", "how well that source supports it, 0 to 1", many=True, unit="0 to 1",
          card="hidden"),
    Field("min_support", "float64", "smallest of `sentence_support`", unit="0 to 1", distribution=3),
    Field("score_version", "int64", "version of the rules that scored it", column=False),
)  # fmt: skip
_TOXICITY = (
    Field("toxicity", "float64", "how toxic the answer is, 0 to 1", unit="0 to 1", table=Heading(100, "tox")),
    Field("severe_toxicity", "float64", "how very toxic, 0 to 1", unit="0 to 1"),
    Field("obscene", "float64", "obscene words, 0 to 1", unit="0 to 1"),
    Field("identity_attack", "float64", "attack on a group of people, 0 to 1", unit="0 to 1"),
    Field("insult", "float64", "insult, 0 to 1", unit="0 to 1"),
    Field("threat", "float64", "threat, 0 to 1", unit="0 to 1"),
    Field("sexual_explicit", "float64", "sexually explicit words, 0 to 1", unit="0 to 1"),
    Field("toxicity_model", "string", "what measured these seven", card="hidden"),
    Field("toxicity_calibrated", "bool", "false where that model was not made for the language", card="hidden"),
)
_PERSONAL_DATA = (
    Field("personal_data", "record", "[{kind, field, start, end}] what looks like data of a person", many=True,
          record="PersonalData", fields=(
        Field("kind", "string", "what it looks like",
              values=("email", "telephone", "iban", "tax_code", "identity_number")),
        Field("field", "string", "field of the sample"), Field("start", "int64", "first character"),
        Field("end", "int64", "character after the last"),
    )),
)  # fmt: skip

#: Group of the data model -> its fields.
SCORE_FIELDS = {
    "similarity": _SIMILARITY, "language": _LANGUAGE, "faithful": _FACTS, "toxicity": _TOXICITY,
    "personal data": _PERSONAL_DATA,
}  # fmt: skip
