"""Quizzes: challenges in which questions are answered; what is right is told only afterwards."""
