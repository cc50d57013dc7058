//! Connections: pipelines, abandons, broken and foreign messages.
