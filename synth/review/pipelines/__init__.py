"""Pipelines started and watched from a page: files of one folder, run by `synth run` as processes of their own."""
