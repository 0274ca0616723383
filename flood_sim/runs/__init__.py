"""One run, seen from outside: started, stopped, resumed, looked at."""
