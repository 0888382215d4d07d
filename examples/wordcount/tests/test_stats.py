import unittest

from wordcount.stats import average_length, top


class Top(unittest.TestCase):
    def test_most_frequent_first(self):
        self.assertEqual(top(["a", "b", "b"], 2), [("b", 2), ("a", 1)])

    def test_ties_are_alphabetical(self):
        self.assertEqual(top(["plane", "bag", "hammer"], 2), [("bag", 1), ("hammer", 1)])


class AverageLength(unittest.TestCase):
    def test_mean(self):
        self.assertEqual(average_length(["bag", "plane"]), 4.0)

    def test_no_words(self):
        self.assertEqual(average_length([]), 0.0)
