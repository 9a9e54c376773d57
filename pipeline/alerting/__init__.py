"""Alert rules on tracks in traffic areas, and the incidents that their conditions are grouped into."""
