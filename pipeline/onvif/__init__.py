"""Cameras by ONVIF: WS-Discovery, device information and stream addresses."""
