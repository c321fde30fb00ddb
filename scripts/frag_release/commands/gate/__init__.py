"""The command `gate`: is this build allowed to reach production?"""
