"""The `bargate` command: one file per subcommand, each thin over `app` and `documents`."""
