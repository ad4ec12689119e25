"""A stage: pending documents, a batch, one bulk update; and the stage that asks a model."""
