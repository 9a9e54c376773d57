"""Channels of alerts: routes, and delivery by webhook, e-mail, MQTT, syslog and CAP documents."""
