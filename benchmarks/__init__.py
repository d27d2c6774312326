"""What it costs, beside its peers. Every figure is a ratio of two things that ran side by side; see README.md."""
