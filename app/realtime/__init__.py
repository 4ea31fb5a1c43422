"""The live part: events, the bus between workers, the hub of each worker, and the bytes on its sockets."""
