"""One module or package for each command: gather facts, call the domain, act, report."""
