"""What data sets write down as expected, in the public forms, as references of the judges. Pure; nothing is run."""
