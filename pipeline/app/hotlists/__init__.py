"""Use cases of hot-lists; start at `hot_list_service.HotListService`."""
