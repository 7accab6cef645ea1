"""The office: the REST API with which vendors and their customers run the business."""
