"""The six projects and regional flood control: the kinds of measures, one module a project."""
