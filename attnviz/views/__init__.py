"""Views: functions from a record to something a person can look at. They write nothing."""
