.PHONY: demo test check docs

demo:
	python3 start.py demo

test:
	python3 start.py test

check:
	python3 start.py check

docs:
	python3 start.py docs
