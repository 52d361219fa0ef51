"""`samled bench`: what a durable step costs, beside the library alone, on the machine where it runs.

Ratios between contenders of one run are what counts; absolute figures are this machine's. Every contender takes its
turn in every round, so that a busy moment of the machine hits all alike.
"""
